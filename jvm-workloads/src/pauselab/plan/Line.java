package pauselab.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import pauselab.Failure;

/**
 * A line of a plan, `kind key=value …`. Each pair that is read is removed, so the pairs that remain are unknown. The
 * rules are those of the engine's plan (native/engine/plan.h).
 */
public final class Line {

    private final String place;
    private final Map<String, String> values = new LinkedHashMap<>();
    private String kind = "";

    Line(String text, String place) {
        this.place = place;
        for (String word : text.split(" +")) {
            if (word.isEmpty()) {
                continue;
            }
            if (kind.isEmpty()) {
                kind = word;
                continue;
            }
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw reject("expected key=value, got \"" + word + "\"");
            }
            String key = word.substring(0, equals);
            if (values.putIfAbsent(key, word.substring(equals + 1)) != null) {
                throw reject("the key " + key + " came twice");
            }
        }
    }

    public String kind() {
        return kind;
    }

    public String text(String key) {
        String value = values.remove(key);
        if (value == null) {
            throw reject(kind + " needs " + key + "=…");
        }
        return value;
    }

    public String text(String key, String otherwise) {
        return values.containsKey(key) ? text(key) : otherwise;
    }

    /** A required whole number within bounds. */
    public long number(String key, long least, long most) {
        String value = text(key);
        if (!value.matches("\\d{1,18}")) {
            throw reject("expected a whole number for " + key + ", got \"" + value + "\"");
        }
        long number = Long.parseLong(value);
        if (number < least || number > most) {
            throw reject("expected " + least + " to " + most + " for " + key + ", got " + value);
        }
        return number;
    }

    public long number(String key, long least, long most, long otherwise) {
        return values.containsKey(key) ? number(key, least, most) : otherwise;
    }

    public boolean flag(String key, boolean otherwise) {
        return number(key, 0, 1, otherwise ? 1 : 0) == 1;
    }

    public String choice(String key, Set<String> allowed) {
        String value = text(key);
        if (!allowed.contains(value)) {
            throw reject(
                "expected one of " +
                    String.join(", ", new TreeSet<>(allowed)) +
                    " for " +
                    key +
                    ", got \"" +
                    value +
                    "\""
            );
        }
        return value;
    }

    /** The whole line, for a reader that knows its keys. */
    String takeWhole() {
        StringBuilder whole = new StringBuilder(kind);
        values.forEach((key, value) -> whole.append(' ').append(key).append('=').append(value));
        values.clear();
        return whole.toString();
    }

    void expectEmpty() {
        if (!values.isEmpty()) {
            throw reject(kind + " does not know the key " + values.keySet().iterator().next());
        }
    }

    public Failure reject(String sentence) {
        return Failure.usage(place + ": " + sentence);
    }
}
