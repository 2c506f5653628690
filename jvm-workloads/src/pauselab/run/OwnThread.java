package pauselab.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import pauselab.Failure;

/** What the calling thread can read and set about itself through /proc. */
final class OwnThread {

    /** The kernel cuts a thread's name; newer JVMs would put two dots into its middle. */
    private static final int NAME_CHARACTERS = 15;

    static String nameFor(String seat) {
        return seat.substring(0, Math.min(seat.length(), NAME_CHARACTERS));
    }

    static long tid() {
        try {
            // PID/task/TID
            return Long.parseLong(Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString());
        } catch (IOException error) {
            throw Failure.unfit("/proc/thread-self could not be read (" + error + "); mount /proc");
        }
    }

    /** Makes sleeps end on time, not up to 50 us later. Returns null, or why it could not be set. */
    static String setTimerSlack(long tid) {
        Path file = Path.of("/proc/" + tid + "/timerslack_ns");
        try {
            Files.writeString(file, "1");
            String now = Files.readString(file).trim();
            return now.equals("1") ? null : "it is still " + now + " ns";
        } catch (IOException error) {
            return error.toString();
        }
    }

    private OwnThread() {}
}
