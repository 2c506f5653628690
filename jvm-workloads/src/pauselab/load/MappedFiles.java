package pauselab.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import pauselab.Failure;
import pauselab.plan.Line;

/**
 * `mapped_files`: files that are mapped, written to page by page (touch_percent of each) and dropped, as stores and
 * search engines do with their segments. The load's thread makes the mmap. When a collector has found the buffer
 * unreachable, the thread `Reference Handl` makes the munmap. It holds mmap_lock for write for long, because the pages'
 * entries are torn down under it. Many come at once, after a collection.
 *
 * <p>Keys: folder=/dev/shm, files=8 (unlinked once they are open, so that nothing stays behind), file_bytes=16777216,
 * per_s=50, live=8, touch_percent=100, gc_period_ns=500000000, seed (not used).
 */
final class MappedFiles implements Load {

    private static final int PAGE_BYTES = 4096;
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path folder;
    private final long file_bytes;
    private final long touch_bytes;
    private final FileChannel[] files;
    private final MappedByteBuffer[] live;
    private final Rate rate;
    private final PeriodicGc gc;

    private MappedFiles(Line line) {
        folder = Path.of(line.text("folder", "/dev/shm"));
        files = new FileChannel[(int) line.number("files", 1, 10_000, 8)];
        file_bytes = line.number("file_bytes", PAGE_BYTES, Integer.MAX_VALUE, 16 << 20);
        touch_bytes = (file_bytes * line.number("touch_percent", 0, 100, 100)) / 100;
        live = new MappedByteBuffer[(int) line.number("live", 1, 10_000, 8)];
        rate = new Rate(line.number("per_s", 1, 100_000, 50));
        gc = PeriodicGc.read(line, 500_000_000);
        Loads.seed(line);
    }

    static MappedFiles read(Line line) {
        return new MappedFiles(line);
    }

    @Override
    public void prepare() {
        try {
            for (int i = 0; i < files.length; i++) {
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
                live[(int) (mapped % live.length)] = map(files[(int) (mapped % files.length)]);
                mapped++;
                stage.count("mappings", 1);
                stage.count("mapped_bytes", file_bytes);
            }
            gc.look(stage);
        }
    }

    private FileChannel makeFile() throws IOException {
        Path path = Files.createTempFile(folder, "pauselab-mapped-", "");
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Files.delete(path);
        ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK_BYTES);
        for (long at = 0; at < file_bytes; at += CHUNK_BYTES) {
            zeros.clear().limit((int) Math.min(CHUNK_BYTES, file_bytes - at));
            channel.write(zeros, at);
        }
        return channel;
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
