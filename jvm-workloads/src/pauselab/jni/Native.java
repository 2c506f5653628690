package pauselab.jni;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import pauselab.Failure;

/**
 * The native library (native/jvm/): system calls that Java cannot make by itself, so that it is known which calls a
 * probe makes. Results are 0 or an errno unless stated otherwise. A refused address is 0, a refused handle a negative
 * errno.
 */
public final class Native {

    /** Loads the library; it registers the functions below. */
    public static void load(Path library) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError | SecurityException error) {
            throw Failure.unfit(
                "the native library " +
                    library +
                    " could not be loaded (" +
                    error.getMessage() +
                    "); run `npm run setup` where a JDK is installed, so that it is built for this machine"
            );
        }
    }

    /** Locks the pages of a mapping in memory. */
    public static native int lockMemory(ByteBuffer mapping);

    /** Opens the calling thread's schedstat; a file descriptor or a negative errno. */
    public static native int openSchedstat();

    /** The time that the thread was runnable and not running, from its open schedstat. */
    public static native long runDelay_ns(int schedstat);

    /** The calling thread's CPU time. */
    public static native long cpuTime_ns();

    /** A hole of one page between two inaccessible pages; a handle. */
    public static native long makeHole();

    /** mmap and munmap of the hole's page. */
    public static native int mapAndUnmap(long hole);

    /**
     * Pages that nothing has touched; a handle. `apart`: each in a separate VMA, whose first fault still has to give it
     * an anon_vma; otherwise all in one VMA that has its anon_vma.
     */
    public static native long makePool(long pages, boolean apart);

    /** Writes to the pool's next page: 0, or -1 if no page is left. */
    public static native int touchNext(long pool);

    /** malloc, a write to each page, free. */
    public static native int mallocAndFree(long bytes);

    /** malloc and a write to each page; an address. */
    public static native long malloc(long bytes);

    public static native void free(long address);

    /** The allocator that serves malloc in this process, as JSON. */
    public static native String describeAllocator();

    /**
     * Starts a native thread that gives memory of this process back (native/jvm/holder.h). Returns the layout of its
     * region as JSON once its seat is taken. An error ends the process with a sentence.
     */
    public static native String startHolder(String board, String line);

    public static native String errorText(int errno);

    private Native() {}
}
