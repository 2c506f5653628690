package pauselab;

import java.nio.file.Path;
import pauselab.plan.Plan;
import pauselab.run.Crew;
import pauselab.run.FailureHandler;

/** What the agent starts in an application, in a separate class loader: see {@link Agent}. */
public final class Passenger {

    /** `name` stands before the sentence of a failure. */
    public static void board(String name, String plan) {
        FailureHandler onFailure = new FailureHandler(name);
        try {
            if (plan == null || plan.isEmpty()) {
                throw Failure.usage("expected -javaagent:pauselab.jar=PLAN, got no plan");
            }
            Crew.assemble(Plan.read(Path.of(plan)), onFailure);
        } catch (SecurityException refusal) {
            // The agent explains it. Ending the JVM would be refused too.
            throw refusal;
        } catch (Throwable thrown) {
            onFailure.handle("the agent", thrown);
        }
    }

    private Passenger() {}
}
