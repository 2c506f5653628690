package pauselab;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.CodeSource;

/**
 * The plan's probes in a user's application: {@code java -javaagent:pauselab.jar=PLAN …}.
 *
 * <p>They are prepared before the application's main begins, and wait for `go` beside it. Their threads are daemons, so
 * they do not keep an application from ending. A failure ends the JVM with one sentence and an exit code, because a
 * measurement that is not made must not look like one.
 *
 * <p>Only this class is in the application's class loader. A separate class loader, whose parent has only the platform,
 * loads all others. So no class of the application can replace one of pauselab's, or the other way round.
 */
public final class Agent {

    private static final String NAME = "pauselab agent: ";

    /** Kept, so that no class of pauselab is ever unloaded inside a window. */
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

    /** If a security manager refuses, it also refuses to end the JVM. What premain throws ends it. */
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
