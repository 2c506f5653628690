package pauselab.board;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * The words of a board: aligned, 64 bits, little endian, each with one writer.
 *
 * <p>There are two ways to them. Before `go`, and for words of other writers: a VarHandle, anywhere in the file. On the
 * hot path: a LongBuffer of one structure and plain stores, with a fence where docs/board.md has an arrow. A 64-bit
 * HotSpot makes one instruction of an aligned 8-byte store, so no reader sees half of a word, and it moves no store
 * across a fence. (In JDK 17 a VarHandle of a byte buffer costs four times as much, because it reads the buffer's
 * fields again for each access.)
 */
public final class Words {

    private static final VarHandle WORDS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int PAGE_WORDS = 4096 / Long.BYTES;

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

    /** The words of a structure, for its only writer. */
    static LongBuffer of(ByteBuffer file, int at, int bytes) {
        return file.slice(at, bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    }

    /** The index in them of a byte offset in the structure. */
    static int index(int offset) {
        return offset / Long.BYTES;
    }

    static void raise(LongBuffer words, int index) {
        words.put(index, words.get(index) + 1);
    }

    /** Makes stores before it visible before stores after it. */
    static void fence() {
        VarHandle.storeStoreFence();
    }

    /** Faults in, for writing, every page of these words. Only for their writer. */
    static void touch(LongBuffer words) {
        int last = words.limit() - 1;
        for (int i = 0; i < last; i += PAGE_WORDS) {
            words.put(i, words.get(i));
        }
        words.put(last, words.get(last));
    }

    private Words() {}
}
