import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** An operation that a worker repeats. */
interface Work {
    void once() throws Exception;

    static Work named(String name, Region region, int index) throws Exception {
        switch (name) {
            case "map":
                // Above the mmap threshold: mmap and munmap, which take mmap_lock for writing.
                return () -> allocate(1 << 18);
            case "allocate":
                // From the arena, above the largest block that a thread keeps for itself.
                return () -> allocate(4096);
            case "protect":
                // The first worker changes the VMA that the planted thread works in.
                return index == 0 ? () -> region.protectLastPage() : () -> allocate(1 << 18);
            case "sync":
                Path path = Files.createTempFile("pauselab-observed-", ".data");
                path.toFile().deleteOnExit();
                RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
                return () -> {
                    file.seek(0);
                    file.write(new byte[4096]);
                    file.getFD().sync();
                };
            default:
                throw new IllegalArgumentException("expected map, allocate, protect or sync as work; got " + name);
        }
    }

    private static void allocate(long bytes) {
        long address = CLibrary.malloc(bytes);
        CLibrary.write(address);
        CLibrary.free(address);
    }
}
