package pauselab.probe;

/**
 * A timed operation. Everything happens in the probe's thread: `prepare` and some trials before `go`, then `perform` on
 * the hot path. `perform` makes the operation, and otherwise allocates, locks and logs nothing.
 */
public interface Probe {
    /** perform() returns this when the memory that operations use up is used up. */
    int EXHAUSTED = -1;

    /** Makes what the operations need. */
    default void prepare() {}

    /** 0, EXHAUSTED, or the errno of the call that the kernel refused. */
    int perform();

    /** How often it is tried before `go`: often enough to be compiled, if a trial is cheap. */
    default int trials() {
        return 200;
    }
}
