package pauselab.run;

import pauselab.Failure;

/** What becomes of a failure, in whichever thread it comes up: the JVM ends, with one sentence and the failure's code. */
@FunctionalInterface
public interface FailureHandler {
    void handle(Failure failure);

    /** Only the first one speaks; without unwinding or shutdown hooks, so that nothing can hold it up. */
    static FailureHandler halting(String prefix) {
        return failure -> {
            synchronized (FailureHandler.class) {
                System.err.println(prefix + failure.getMessage());
                System.err.flush();
                Runtime.getRuntime().halt(failure.exitCode());
            }
        };
    }
}
