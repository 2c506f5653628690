package pauselab.run;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import pauselab.Failure;

/**
 * Handles every exception, in any thread: the JVM ends at once, with one sentence and an exit code. If the heap is
 * full, a sentence may need memory, so some is reserved. If even that is gone, a prepared sentence is printed: a thread
 * that died while it made its sentence would leave the others waiting for it.
 */
public final class FailureHandler {

    private static final int RESERVE_BYTES = 256 << 10;
    private static final int WORKLOAD_FAILED = 6;

    private final String prefix;
    private final FileOutputStream stderr = new FileOutputStream(FileDescriptor.err);
    private final byte[] lastSentence;
    private byte[] reserve = new byte[RESERVE_BYTES];

    /** `prefix`: the beginning of each sentence. */
    public FailureHandler(String prefix) {
        this.prefix = prefix;
        lastSentence = line(
            prefix,
            "the JVM ran out of memory, and had none left to say where; give it more, with -Xmx for its heap, or lower what its loads take"
        );
        // A first call without effect, so that everything it needs is loaded and linked while there is memory.
        line(prefix, explain("", new OutOfMemoryError("")).getMessage());
        explain("", new StackOverflowError());
        explain("", new LinkageError());
        Runtime.getRuntime();
    }

    /** Ends the JVM without unwinding or shutdown hooks, so that nothing can delay it. Only the first call prints. */
    public synchronized void handle(String who, Throwable thrown) {
        try {
            reserve = null;
            Failure failure = explain(who, thrown);
            say(line(prefix, failure.getMessage()));
            Runtime.getRuntime().halt(failure.exitCode());
        } catch (Throwable none) {
            try {
                say(lastSentence);
            } finally {
                Runtime.getRuntime().halt(WORKLOAD_FAILED);
            }
        }
    }

    /** `who` becomes the beginning of a sentence; a failure has a whole sentence. */
    private static Failure explain(String who, Throwable thrown) {
        if (thrown instanceof Failure failure) {
            return failure;
        }
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                return Failure.workload(
                    who +
                        " ran out of memory (" +
                        cause.getMessage() +
                        ", with a heap of at most " +
                        (Runtime.getRuntime().maxMemory() >> 20) +
                        " MiB); give the JVM more, with -Xmx for its heap, or lower what its loads take",
                    thrown
                );
            }
        }
        if (thrown instanceof StackOverflowError) {
            return Failure.workload(who + " ran out of stack; give the JVM's threads more, with -Xss", thrown);
        }
        return Failure.workload(who + " failed with " + thrown, thrown);
    }

    private static byte[] line(String prefix, String sentence) {
        return (prefix + sentence.replace('\n', ' ') + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private void say(byte[] line) {
        try {
            stderr.write(line);
        } catch (IOException nobodyListens) {
            // The exit code still reports it.
        }
    }
}
