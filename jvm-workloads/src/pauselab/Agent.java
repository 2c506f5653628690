package pauselab;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.CodeSource;

/**
 * The plan's probes in somebody's application: {@code java -javaagent:pauselab.jar=PLAN …}.
 *
 * <p>They are prepared before the application's main begins and wait for `go` beside it. Their threads are daemons:
 * they keep no application from ending. A failure ends the JVM, with one sentence and an exit code: a measurement that
 * is not made must not look like one.
 *
 * <p>This class alone is in the application's class loader. All else is loaded anew by one of our own, whose parent has
 * nothing but the platform: no class of the application's can take the place of ours, nor the other way round.
 */
public final class Agent {

    private static final String NAME = "pauselab agent: ";

    /** Kept, so that nothing of ours is ever unloaded inside a window. */
    private static ClassLoader ours;

    public static void premain(String plan) {
        try {
            CodeSource jar = Agent.class.getProtectionDomain().getCodeSource();
            ours = new URLClassLoader(
                "pauselab",
                new URL[] { jar.getLocation() },
                ClassLoader.getPlatformClassLoader()
            );
            Class.forName("pauselab.Passenger", true, ours)
                .getMethod("board", String.class, String.class)
                .invoke(null, NAME, plan);
        } catch (ReflectiveOperationException error) {
            throw refused(error.getCause() == null ? error : error.getCause());
        } catch (SecurityException refusal) {
            throw refused(refusal);
        }
    }

    /** Where a security manager refuses, ending the JVM is refused too; what premain throws ends it. */
    private static IllegalStateException refused(Throwable cause) {
        String remedy =
            cause instanceof SecurityException
                ? "the program's security manager refuses what the probes need; add to its policy: grant codeBase \"file:/…/pauselab.jar\" { permission java.security.AllPermission; }"
                : "the probes could not be started in the program; run `npm run setup` so that pauselab.jar is whole";
        System.err.println(NAME + remedy + " (" + cause + ")");
        return new IllegalStateException("no probes", cause);
    }

    private Agent() {}
}
