package pauselab.plan;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import pauselab.Failure;
import pauselab.load.Load;
import pauselab.load.Loads;
import pauselab.probe.Probe;
import pauselab.probe.Probes;

/**
 * The JVM's instructions: a text file of lines `kind key=value …`, readable by hand.
 *
 * <pre>
 *   board  path=/dev/shm/x/board                 the engine's
 *   report path=/dev/shm/x/jvm.json              what this JVM reports about itself, before it is ready
 *   native path=/…/libpauselab-jvm.so
 *   probe  name=writer.mmap_munmap operation=mmap_munmap      takes the board's seat of that name
 *   holder operation=madvise_free bytes=…        a native thread that gives memory back; its keys: native/engine/plan.h
 *   load   name=load.heap-wave load=heap_wave seed=1 …        the keys of each load are in its class comment
 * </pre>
 */
public record Plan(
    Path board,
    Path report,
    Path library,
    String holder,
    List<Seated<Probe>> probes,
    List<Seated<Load>> loads
) {
    /** Null, or the holder's line, which the native library reads. */
    public String holder() {
        return holder;
    }

    /** A probe or a load, the name that the plan has for its kind, and the seat it takes. */
    public record Seated<T>(String seat, String kind, T work) {}

    public static Plan read(Path path) {
        try {
            return parse(Files.readString(path), path.toString());
        } catch (CharacterCodingException error) {
            throw Failure.usage("the plan " + path + " is not UTF-8 text; write lines `kind key=value …`");
        } catch (IOException error) {
            throw Failure.usage(
                "the plan " + path + " could not be read (" + error + "); give the path of a JVM's plan"
            );
        }
    }

    public static Plan parse(String text, String nameForErrors) {
        Reader reader = new Reader(nameForErrors);
        int number = 0;
        for (String content : text.split("\n", -1)) {
            number++;
            if (!content.isBlank() && !content.startsWith("#")) {
                reader.take(new Line(content, nameForErrors + ":" + number));
            }
        }
        return reader.finish();
    }

    /** What has been read so far. */
    private static final class Reader {

        private final String nameForErrors;
        private final Set<String> seats = new HashSet<>();
        private final List<Seated<Probe>> probes = new ArrayList<>();
        private final List<Seated<Load>> loads = new ArrayList<>();
        private Path board;
        private Path report;
        private Path library;
        private String holder;

        Reader(String nameForErrors) {
            this.nameForErrors = nameForErrors;
        }

        void take(Line line) {
            switch (line.kind()) {
                case "board" -> board = path(line, board);
                case "report" -> report = path(line, report);
                case "native" -> library = path(line, library);
                case "probe" -> {
                    String seat = seat(line);
                    String operation = line.choice("operation", Probes.names());
                    probes.add(new Seated<>(seat, operation, Probes.read(operation, line)));
                }
                case "load" -> {
                    String seat = seat(line);
                    String load = line.choice("load", Loads.names());
                    loads.add(new Seated<>(seat, load, Loads.read(load, line)));
                }
                case "holder" -> {
                    if (holder != null) {
                        throw line.reject("expected one holder, got a second");
                    }
                    holder = line.takeWhole();
                }
                default -> throw line.reject(
                    "expected board, report, native, holder, probe or load, got \"" + line.kind() + "\""
                );
            }
            line.expectEmpty();
        }

        private static Path path(Line line, Path before) {
            if (before != null) {
                throw line.reject("expected one line `" + line.kind() + "`, got a second");
            }
            String path = line.text("path");
            if (!path.startsWith("/")) {
                throw line.reject("expected an absolute path, got \"" + path + "\"");
            }
            return Path.of(path);
        }

        private String seat(Line line) {
            String name = line.text("name");
            if (!seats.add(name)) {
                throw line.reject("expected one thread for the seat " + name + ", got a second");
            }
            return name;
        }

        Plan finish() {
            expect(board, "board");
            expect(report, "report");
            expect(library, "native");
            if (seats.isEmpty() && holder == null) {
                throw Failure.usage(
                    nameForErrors + ": expected at least one line `probe …`, `load …` or `holder …`, found none"
                );
            }
            return new Plan(board, report, library, holder, List.copyOf(probes), List.copyOf(loads));
        }

        private void expect(Path path, String kind) {
            if (path == null) {
                throw Failure.usage(nameForErrors + ": expected a line `" + kind + " path=…`, found none");
            }
        }
    }
}
