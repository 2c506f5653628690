package pauselab.board;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The words of a board. A store is opaque (atomic, nothing more) or release, as docs/board.md asks; an increment is a
 * load and a store, since a word has no other writer.
 */
public final class Words {
    private static final VarHandle WORDS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    public static long get(ByteBuffer file, int at) {
        return (long) WORDS.getOpaque(file, at);
    }

    static long getAcquire(ByteBuffer file, int at) {
        return (long) WORDS.getAcquire(file, at);
    }

    static void set(ByteBuffer file, int at, long value) {
        WORDS.setOpaque(file, at, value);
    }

    static void setRelease(ByteBuffer file, int at, long value) {
        WORDS.setRelease(file, at, value);
    }

    static void raise(ByteBuffer file, int at) {
        set(file, at, get(file, at) + 1);
    }

    /** Faults in, for writing, every page of a range whose words are all ours. */
    static void touch(ByteBuffer file, int from, int bytes) {
        int pageBytes = 4096;
        for (int at = from; at < from + bytes; at += pageBytes) {
            set(file, at, get(file, at));
        }
        int last = from + bytes - Long.BYTES;
        set(file, last, get(file, last));
    }

    private Words() {
    }
}
