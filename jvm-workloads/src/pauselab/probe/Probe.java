package pauselab.probe;

/**
 * An operation that is timed. Everything happens in the probe's own thread: `prepare` and some trials before `go`, then
 * `perform` on the hot path, which beyond what the operation itself is allocates, locks and logs nothing.
 */
public interface Probe {
    /** What perform() returns when nothing is left of what each operation uses up. */
    int EXHAUSTED = -1;

    /** Makes what the operations need. */
    default void prepare() {}

    /** 0, EXHAUSTED, or the errno of the call that the kernel refused. */
    int perform();

    /** How often it is tried before `go`: enough to be compiled where that is cheap. */
    default int trials() {
        return 200;
    }
}
