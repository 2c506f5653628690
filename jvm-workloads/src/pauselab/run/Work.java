package pauselab.run;

import java.util.Map;

/** What a thread on the board does: a probe's loop or a load's. Everything happens in that thread. */
interface Work {
    /** Makes and tries everything. */
    void prepare();

    /** Runs from `go`; returns when there is nothing more to do. */
    void run();

    /** Figures of the work. */
    Map<String, Long> tally();
}
