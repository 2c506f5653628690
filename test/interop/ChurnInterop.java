import java.util.StringJoiner;
import pauselab.load.BlockDraws;
import pauselab.load.Sizes;

/**
 * The Java side of test/interop/churn-java.test.ts: what a churn of a seed draws, in the words of
 * native/test/board_tool.cc.
 */
public final class ChurnInterop {

    public static void main(String[] arguments) {
        long[] numbers = new long[arguments.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Long.parseLong(arguments[i]);
        }
        BlockDraws draws = new BlockDraws(numbers[0], (int) numbers[1], new Sizes(numbers[2], numbers[3]));
        StringJoiner lines = new StringJoiner("\n", "", "\n");
        for (long i = 0; i < numbers[4]; i++) {
            int slot = draws.slot();
            lines.add(slot + " " + draws.bytes());
        }
        System.out.print(lines);
    }

    private ChurnInterop() {}
}
