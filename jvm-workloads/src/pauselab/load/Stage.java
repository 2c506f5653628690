package pauselab.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import pauselab.run.Pacing;

/** What a running load has: the window's clock, its thread's name, and a tally of its work. */
public final class Stage {

    private final Pacing pacing;
    private final String threadName;
    private final Consumer<Throwable> onFailure;
    private final Map<String, Long> tally = new LinkedHashMap<>();
    private final List<Ticks> paces = new ArrayList<>();

    public Stage(Pacing pacing, String threadName, Consumer<Throwable> onFailure) {
        this.pacing = pacing;
        this.threadName = threadName;
        this.onFailure = onFailure;
    }

    /**
     * A tick every `interval_ns` from now on, until the window is over. The tally has the ticks of all such paces: a
     * load that drops ticks does less than its plan says.
     */
    public synchronized Ticks every(long interval_ns) {
        Ticks ticks = new Ticks(pacing, interval_ns);
        paces.add(ticks);
        return ticks;
    }

    /** A pace inside a tick. The tally does not have it: if it is late, the pace around it drops ticks. */
    public Ticks within(long interval_ns) {
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

    /** An explicit collection. There is none after the window: probes that serve owed operations would feel its pause. */
    public void collect() {
        if (!pacing.isWindowOver()) {
            System.gc();
            count("explicit_gcs", 1);
        }
    }

    /** Adds to a figure of the tally, which the harness prints at the end. */
    public synchronized void count(String what, long by) {
        tally.merge(what, by, Long::sum);
    }

    /** Call it once the load has ended. */
    public synchronized Map<String, Long> tally() {
        Map<String, Long> all = new LinkedHashMap<>(tally);
        all.put("ticks", paces.stream().mapToLong(Ticks::made).sum());
        all.put("dropped_ticks", paces.stream().mapToLong(Ticks::dropped).sum());
        return all;
    }
}
