package pauselab.load;

/**
 * Work that makes a collector or an allocator give memory back, from `go` to the end of the window, at a fixed pace and
 * from a seed. It is not timed. Loads allocate freely. The class comment of each says what it causes and where.
 */
public interface Load {
    /** Called before `go`, in the load's thread. */
    default void prepare() {}

    /** Returns when the window is over. */
    void run(Stage stage);
}
