package pauselab.board;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import pauselab.Failure;

/**
 * A board that the native engine has laid out, mapped into this JVM, which takes seats on it. It trusts nothing in the
 * file: it checks every place that it uses against the file's size, so that a broken board gives one sentence.
 */
public final class Board {

    private final ByteBuffer file;
    private final String path;
    private final int threads;
    private final int threadCount;
    private final int series;
    private final int seriesCount;

    /** `file` is a direct buffer, so that its words are aligned. */
    Board(ByteBuffer file, String path) {
        this.file = file;
        this.path = path;
        if (file.capacity() < Layout.HEADER_BYTES) {
            throw broken(file.capacity() + " bytes are less than its header of " + Layout.HEADER_BYTES);
        }
        if (Words.getAcquire(file, 0) != Layout.MAGIC) {
            throw broken("it does not begin with \"PAUSELAB\"");
        }
        long version = Words.get(file, Layout.HEADER_VERSION);
        if (version != Layout.VERSION) {
            throw Failure.unfit(
                "the board " +
                    path +
                    " is of version " +
                    Long.toUnsignedString(version) +
                    " and pauselab.jar writes version " +
                    Layout.VERSION +
                    "; run `npm run setup` so that both are built from the same sources"
            );
        }
        long total = Words.get(file, Layout.HEADER_TOTAL_BYTES);
        if (total != file.capacity()) {
            throw broken("it says it has " + Long.toUnsignedString(total) + " bytes and has " + file.capacity());
        }
        threadCount = count(Layout.HEADER_THREAD_COUNT, "threads");
        seriesCount = count(Layout.HEADER_SERIES_COUNT, "series");
        threads = place(Layout.HEADER_THREADS_OFFSET, threadCount, Layout.THREAD_BYTES, "its thread table");
        series = place(Layout.HEADER_SERIES_OFFSET, seriesCount, Layout.SERIES_BYTES, "its table of series");
    }

    public static Board attach(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long bytes = channel.size();
            if (bytes > Integer.MAX_VALUE) {
                throw Failure.usage(
                    "the board " +
                        path +
                        " has " +
                        bytes +
                        " bytes and a JVM maps at most " +
                        Integer.MAX_VALUE +
                        "; plan fewer threads"
                );
            }
            return new Board(channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes), path.toString());
        } catch (IOException error) {
            throw Failure.workload(
                "the board " + path + " could not be opened (" + error + "); the engine's log says why it is missing",
                error
            );
        }
    }

    /** The whole mapping, to be locked in memory. */
    public ByteBuffer file() {
        return file;
    }

    public Seat victim(String name) {
        return seat(name, Layout.ROLE_VICTIM, "victim");
    }

    public Seat load(String name) {
        return seat(name, Layout.ROLE_LOAD, "load");
    }

    public boolean isGo() {
        return Words.getAcquire(file, Layout.HEADER_COMMAND) == Layout.COMMAND_GO;
    }

    public long go_ns() {
        return Words.get(file, Layout.HEADER_GO_NS);
    }

    public long windowStart_ns() {
        return Words.get(file, Layout.HEADER_WINDOW_START_NS);
    }

    /** The control plane may move it to an earlier time while the workload runs. */
    public long windowEnd_ns() {
        return Words.get(file, Layout.HEADER_WINDOW_END_NS);
    }

    public long drainEnd_ns() {
        return Words.get(file, Layout.HEADER_DRAIN_END_NS);
    }

    private Seat seat(String name, long role, String roleName) {
        StringBuilder others = new StringBuilder();
        for (int i = 0; i < threadCount; i++) {
            int at = threads + i * Layout.THREAD_BYTES;
            String found = nameAt(at);
            if (!found.equals(name)) {
                others.append(others.isEmpty() ? "" : ", ").append(found);
                continue;
            }
            long itsRole = Words.get(file, at + Layout.THREAD_ROLE);
            if (itsRole != role) {
                throw Failure.usage(
                    "the seat " +
                        name +
                        " of the board " +
                        path +
                        " has role " +
                        Long.toUnsignedString(itsRole) +
                        ", expected " +
                        role +
                        " (" +
                        roleName +
                        "); make its line in the JVM's plan and in the engine's of one kind"
                );
            }
            if (Words.get(file, at + Layout.THREAD_TID) != 0) {
                throw Failure.usage(
                    "the seat " + name + " of the board " + path + " is taken already; plan one seat for each thread"
                );
            }
            return role == Layout.ROLE_VICTIM ? timedSeat(at, i, name) : new Seat(file, at, name, null, null);
        }
        throw Failure.usage(
            "the board " +
                path +
                " has no seat " +
                name +
                ", it has " +
                others +
                "; write a `joined` line of that name into the engine's plan"
        );
    }

    private Seat timedSeat(int at, int thread, String name) {
        long index = Words.get(file, at + Layout.THREAD_SERIES);
        if (index < 0 || index >= seriesCount) {
            throw broken("the series of " + name + " is number " + Long.toUnsignedString(index) + " of " + seriesCount);
        }
        int itsSeries = series + (int) index * Layout.SERIES_BYTES;
        if (Words.get(file, itsSeries + Layout.SERIES_THREAD) != thread) {
            throw broken("series " + index + " does not belong to " + name + ", which says so");
        }
        long capacity = Words.get(file, at + Layout.THREAD_RING_CAPACITY);
        if (capacity < 1 || capacity > file.capacity() / Layout.RECORD_BYTES || Long.bitCount(capacity) != 1) {
            throw broken(
                "the ring of " +
                    name +
                    " has " +
                    Long.toUnsignedString(capacity) +
                    " records, which is not a power of two that fits"
            );
        }
        int records = place(at + Layout.THREAD_RING_OFFSET, (int) capacity, Layout.RECORD_BYTES, "the ring of " + name);
        HistogramWriter service = histogram(itsSeries + Layout.SERIES_SERVICE_OFFSET, "the service times of " + name);
        boolean scheduled = Words.get(file, itsSeries + Layout.SERIES_RESPONSE_OFFSET) != 0;
        HistogramWriter response = scheduled
            ? histogram(itsSeries + Layout.SERIES_RESPONSE_OFFSET, "the response times of " + name)
            : null;
        Recorder recorder = new Recorder(
            file,
            itsSeries,
            service,
            response,
            Words.get(file, Layout.HEADER_STALL_THRESHOLD_NS)
        );
        return new Seat(file, at, name, recorder, new Ring(file, at, records, (int) capacity));
    }

    private HistogramWriter histogram(int offsetAt, String what) {
        return new HistogramWriter(file, place(offsetAt, 1, Layout.HISTOGRAM_BYTES, what));
    }

    private int count(int at, String what) {
        long value = Words.get(file, at);
        if (value < 0 || value > file.capacity()) {
            throw broken("it says it has " + Long.toUnsignedString(value) + " " + what);
        }
        return (int) value;
    }

    /** The offset stored at `offsetAt`, of `count` structures that must lie aligned within the file. */
    private int place(int offsetAt, int count, int bytesEach, String what) {
        long offset = Words.get(file, offsetAt);
        long most = file.capacity() - (long) count * bytesEach;
        if (offset < Layout.HEADER_BYTES || offset > most || offset % Layout.ALIGNMENT != 0) {
            throw broken(
                what + " would lie at byte " + Long.toUnsignedString(offset) + ", outside the file or unaligned"
            );
        }
        return (int) offset;
    }

    private String nameAt(int at) {
        int length = 0;
        while (length < Layout.NAME_BYTES && file.get(at + length) != 0) {
            length++;
        }
        if (length == 0 || length == Layout.NAME_BYTES) {
            throw broken("the name of the thread at byte " + at + " is empty or has no end");
        }
        byte[] bytes = new byte[length];
        file.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private Failure broken(String what) {
        return Failure.workload(
            "the board " + path + " is broken: " + what + "; look at the engine's log and run again",
            null
        );
    }
}
