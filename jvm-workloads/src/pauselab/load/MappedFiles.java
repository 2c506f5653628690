package pauselab.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import pauselab.Failure;
import pauselab.plan.Line;

/**
 * `mapped_files`: files that are mapped, written to page by page (touch_percent of each) and dropped, as stores and
 * search engines do with their segments. The load's thread makes the mmap. When a collector has found the buffer
 * unreachable, the thread `Reference Handl` makes the munmap. It holds mmap_lock for write for long, because the pages'
 * entries are torn down under it. Many come at once, after a collection. With cleaned=1 the load's thread unmaps each
 * at once instead.
 *
 * <p>With deleted=1 each mapping has a file of its own, which is deleted while it is mapped, as brokers do with the
 * index of an old segment. The thread that unmaps it is then the thread that frees the file: its pages, its blocks and
 * its inode.
 *
 * <p>Keys: folder=/dev/shm, on_disk=0 (1: in /var/tmp, which must not be in memory), files=8 (unlinked once they are
 * open, so that nothing stays behind), file_bytes=16777216, per_s=50, live=8, touch_percent=100, deleted=0, cleaned=0,
 * gc_period_ns=500000000, seed (not used).
 */
final class MappedFiles implements Load {

    private static final int PAGE_BYTES = 4096;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs", "rootfs");

    private final boolean onDisk;
    private final Path folder;
    private final long file_bytes;
    private final long touch_bytes;
    private final boolean deleted;
    private final Cleaner cleaner;
    private final FileChannel[] files;
    private final MappedByteBuffer[] live;
    private final Rate rate;
    private final PeriodicGc gc;
    private ByteBuffer zeros;

    private MappedFiles(Line line) {
        onDisk = line.flag("on_disk", false);
        folder = Path.of(line.text("folder", onDisk ? "/var/tmp" : "/dev/shm"));
        files = new FileChannel[(int) line.number("files", 1, 10_000, 8)];
        file_bytes = line.number("file_bytes", PAGE_BYTES, Integer.MAX_VALUE, 16 << 20);
        touch_bytes = (file_bytes * line.number("touch_percent", 0, 100, 100)) / 100;
        live = new MappedByteBuffer[(int) line.number("live", 1, 10_000, 8)];
        rate = new Rate(line.number("per_s", 1, 100_000, 50));
        deleted = line.flag("deleted", false);
        cleaner = line.flag("cleaned", false) ? new Cleaner() : null;
        gc = PeriodicGc.read(line, 500_000_000);
        Loads.seed(line);
    }

    static MappedFiles read(Line line) {
        return new MappedFiles(line);
    }

    @Override
    public void prepare() {
        zeros = ByteBuffer.allocateDirect(CHUNK_BYTES);
        try {
            refuseMemory();
            for (int i = 0; i < files.length && !deleted; i++) {
                files[i] = makeFile();
            }
        } catch (IOException error) {
            throw Failure.unfit(
                "mapped_files could not make " +
                    files.length +
                    " files of " +
                    file_bytes +
                    " bytes in " +
                    folder +
                    " (" +
                    error +
                    "); give another folder= or fewer bytes"
            );
        }
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        long mapped = 0;
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                int slot = (int) (mapped % live.length);
                if (cleaner != null && live[slot] != null) {
                    cleaner.clean(live[slot]);
                    stage.count("cleaned", 1);
                }
                live[slot] = deleted ? mapDeleted() : map(files[(int) (mapped % files.length)]);
                mapped++;
                stage.count("mappings", 1);
                stage.count("mapped_bytes", file_bytes);
            }
            gc.look(stage);
        }
    }

    /** A file system in memory has no disk to wait for, so the load would not be what was asked for. */
    private void refuseMemory() throws IOException {
        String type = Files.getFileStore(folder).type();
        if (onDisk && IN_MEMORY.contains(type)) {
            throw Failure.unfit(
                "mapped_files with onDisk needs a folder on a disk, and " +
                    folder +
                    " is " +
                    type +
                    "; leave out onDisk"
            );
        }
    }

    private FileChannel makeFile() throws IOException {
        Path path = Files.createTempFile(folder, "pauselab-mapped-", "");
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Files.delete(path);
        for (long at = 0; at < file_bytes; at += CHUNK_BYTES) {
            zeros.clear().limit((int) Math.min(CHUNK_BYTES, file_bytes - at));
            channel.write(zeros, at);
        }
        return channel;
    }

    /** The mapping alone keeps the file. */
    private MappedByteBuffer mapDeleted() {
        try (FileChannel file = makeFile()) {
            return map(file);
        } catch (IOException error) {
            throw Failure.workload(
                "mapped_files could not make a file of " +
                    file_bytes +
                    " bytes in " +
                    folder +
                    " (" +
                    error +
                    "); lower per_s= or file_bytes=, or unmap more often (gcPeriod, cleaned)",
                error
            );
        }
    }

    private MappedByteBuffer map(FileChannel file) {
        try {
            MappedByteBuffer mapping = file.map(FileChannel.MapMode.READ_WRITE, 0, file_bytes);
            for (int at = 0; at < touch_bytes; at += PAGE_BYTES) {
                mapping.put(at, (byte) (mapping.get(at) + 1));
            }
            return mapping;
        } catch (IOException error) {
            throw Failure.workload(
                "mapped_files could not map " + file_bytes + " bytes (" + error + "); lower per_s= or file_bytes=",
                error
            );
        }
    }
}
