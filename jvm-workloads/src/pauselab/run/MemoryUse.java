package pauselab.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory that this process uses. Reading it takes mmap_lock, so never before the last operation has been served.
 * */
final class MemoryUse {

    private static final Pattern PSS = Pattern.compile("^Pss:\\s+(\\d+) kB$", Pattern.MULTILINE);

    /** Divides shared pages among the processes that map them (PSS); null if the kernel does not report it. */
    static Long proportionalBytes() {
        try {
            Matcher pss = PSS.matcher(Files.readString(Path.of("/proc/self/smaps_rollup")));
            return pss.find() ? Long.parseLong(pss.group(1)) * 1024 : null;
        } catch (IOException unreadable) {
            return null;
        }
    }

    private MemoryUse() {}
}
