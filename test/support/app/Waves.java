import java.util.ArrayDeque;
import java.util.List;

/**
 * A program as a user may have one, for the tests of `pauselab run app`: a server whose heap grows and shrinks until it
 * is told to end. Arguments: `start-ms=N` how long its start takes, `exit-ms=N` to end by itself with `code=N`, `hang`
 * to ignore SIGTERM, `fork` to leave a child behind, `daemon` one that has left it for a session of its own, `quiet` to
 * keep its heap; it prints the others and its working directory.
 */
public class Waves {

    public static void main(String[] arguments) throws Exception {
        List<String> words = List.of(arguments);
        System.out.println("directory " + System.getProperty("user.dir"));
        System.out.println("words " + String.join("|", words));
        System.out.println("stdin " + System.in.read());
        Class.forName("pauselab.plan.Plan");
        if (words.contains("fork")) {
            System.out.println("child " + new ProcessBuilder("sleep", "1000").start().pid());
        }
        if (words.contains("daemon")) {
            Process shell = new ProcessBuilder("sh", "-c", "setsid sleep 1000 > /dev/null 2>&1 & echo $!").start();
            System.out.println("daemon " + new String(shell.getInputStream().readAllBytes()).trim());
        }
        if (words.contains("hang")) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> sleep(1_000_000)));
        }
        sleep(number(words, "start-ms=", 0));
        System.out.println("started: [waves]");
        long end_ms = System.currentTimeMillis() + number(words, "exit-ms=", Integer.MAX_VALUE);
        ArrayDeque<byte[]> live = new ArrayDeque<>();
        while (System.currentTimeMillis() < end_ms) {
            if (words.contains("quiet")) {
                sleep(10);
                continue;
            }
            for (int i = 0; i < 16_000; i++) {
                live.add(new byte[1 << 16]);
            }
            live.clear();
            System.gc();
            sleep(300);
        }
        System.err.println("the end of the waves");
        System.exit((int) number(words, "code=", 0));
    }

    private static long number(List<String> words, String key, long otherwise) {
        return words
            .stream()
            .filter(word -> word.startsWith(key))
            .mapToLong(word -> Long.parseLong(word.substring(key.length())))
            .findFirst()
            .orElse(otherwise);
    }

    private static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
