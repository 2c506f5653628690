package pauselab.probe;

import pauselab.Failure;
import pauselab.jni.Native;

/**
 * `mmap_munmap`: maps an anonymous page and unmaps it again, always in the same hole between two inaccessible pages, so
 * that it merges with no other mapping of the JVM. Both calls take mmap_lock for write, as every mapping, growing heap
 * and starting thread of the process does. No page is touched.
 */
final class MmapMunmap implements Probe {

    private long hole;

    @Override
    public void prepare() {
        hole = Native.makeHole();
        if (hole < 0) {
            throw Failure.unfit(
                "three pages for mmap_munmap could not be mapped: " +
                    Native.errorText((int) -hole) +
                    "; raise vm.max_map_count"
            );
        }
    }

    @Override
    public int perform() {
        return Native.mapAndUnmap(hole);
    }
}
