package pauselab;

/** The only error for the user: a whole sentence that says what was expected, what came and what to do. */
public final class Failure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The exit code of the process. The numbers are those of src/base/failure.ts. */
    private final int exitCode;

    private Failure(int exitCode, String sentence, Throwable cause) {
        super(sentence, cause);
        this.exitCode = exitCode;
    }

    /** The plan is invalid. */
    public static Failure usage(String sentence) {
        return new Failure(2, sentence, null);
    }

    /** The machine cannot do it. */
    public static Failure unfit(String sentence) {
        return new Failure(5, sentence, null);
    }

    /** The workload, or the board that it records into, broke. */
    public static Failure workload(String sentence, Throwable cause) {
        return new Failure(6, sentence, cause);
    }

    public int exitCode() {
        return exitCode;
    }
}
