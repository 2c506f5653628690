package pauselab.run;

import java.util.Map;

/** What a thread on the board does: a probe's loop or a load's. All of it in that thread. */
interface Work {
    /** Makes and tries everything. */
    void prepare();

    /** From `go` on; returns when there is nothing more to do. */
    void run();

    /** Figures of what was done. */
    Map<String, Long> tally();
}
