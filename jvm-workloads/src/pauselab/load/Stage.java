package pauselab.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import pauselab.run.Pacing;

/** What a running load has: the window's clock, its thread's name, and a tally of its work. */
public final class Stage {

    private final Pacing pacing;
    private final String threadName;
    private final Consumer<Throwable> onFailure;
    private final Map<String, Long> tally = new LinkedHashMap<>();

    public Stage(Pacing pacing, String threadName, Consumer<Throwable> onFailure) {
        this.pacing = pacing;
        this.threadName = threadName;
        this.onFailure = onFailure;
    }

    /** A tick every `interval_ns` from now on, until the window is over. */
    public Ticks every(long interval_ns) {
        return new Ticks(pacing, interval_ns);
    }

    public long now_ns() {
        return pacing.now_ns();
    }

    public String threadName() {
        return threadName;
    }

    /** Ends the JVM because of an exception in a thread that the load started. */
    public void fail(Throwable thrown) {
        onFailure.accept(thrown);
    }

    /** Adds to a figure of the tally, which the harness prints at the end. */
    public synchronized void count(String what, long by) {
        tally.merge(what, by, Long::sum);
    }

    public synchronized Map<String, Long> tally() {
        return new LinkedHashMap<>(tally);
    }
}
