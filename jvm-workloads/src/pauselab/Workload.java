package pauselab;

import java.nio.file.Path;
import pauselab.plan.Plan;
import pauselab.run.Crew;
import pauselab.run.FailureHandler;

/**
 * The harness: a JVM that contains only the probes and loads of a plan.
 *
 * <pre>
 * java … -cp pauselab.jar pauselab.Workload PLAN
 * java … -cp pauselab.jar pauselab.Workload check PLAN…     whether it would run them, judged by the plans alone
 * </pre>
 *
 * It ends with 0 when the threads of all its seats have ended, and prints on stdout what the loads did. Otherwise it
 * ends with one sentence on stderr and exit code 2 (plan), 5 (machine) or 6 (workload).
 */
public final class Workload {

    public static void main(String[] arguments) {
        FailureHandler onFailure = new FailureHandler("");
        try {
            if (arguments.length > 1 && arguments[0].equals("check")) {
                for (int i = 1; i < arguments.length; i++) {
                    Plan.read(Path.of(arguments[i]));
                }
                return;
            }
            if (arguments.length != 1) {
                throw Failure.usage("expected: java -cp pauselab.jar pauselab.Workload PLAN, or check PLAN…");
            }
            Crew crew = Crew.assemble(Plan.read(Path.of(arguments[0])), onFailure);
            crew.awaitEnd();
            System.out.println(crew.summary());
        } catch (Throwable thrown) {
            onFailure.handle("the JVM's main thread", thrown);
        }
    }

    private Workload() {}
}
