package pauselab;

import java.nio.file.Path;
import pauselab.plan.Plan;
import pauselab.run.Crew;
import pauselab.run.FailureHandler;

/**
 * The plan's probes (and loads) in somebody's application: {@code java -javaagent:pauselab.jar=PLAN …}.
 *
 * <p>They are prepared before the application's main begins and wait for `go` beside it. Their threads are daemons: they
 * keep no application from ending. A failure ends the JVM, with one sentence and an exit code: a measurement that is not
 * made must not look like one.
 */
public final class Agent {
    public static void premain(String plan) {
        FailureHandler onFailure = new FailureHandler("pauselab agent: ");
        try {
            if (plan == null || plan.isEmpty()) {
                throw Failure.usage("expected -javaagent:pauselab.jar=PLAN, got no plan");
            }
            Crew.assemble(Plan.read(Path.of(plan)), onFailure);
        } catch (Throwable thrown) {
            onFailure.handle("the agent", thrown);
        }
    }

    private Agent() {
    }
}
