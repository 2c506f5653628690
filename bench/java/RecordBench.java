import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import pauselab.board.Recorder;
import pauselab.board.ScratchBoard;
import pauselab.board.Seat;

/**
 * {@code RecordBench PAIRS}: the cost of a sample in Java (service and response time and the stall check, on a board),
 * beside a {@code Histogram.recordValue} of org.hdrhistogram.
 *
 * <p>As in bench/native/record.cc: in turns within one JVM and one thread, in forward and backward order alternately.
 * Each subject has separate arguments and a separate histogram, and reads exactly the arguments that it takes. No clock
 * is read inside. Costs are CPU time of the thread. The first pairs are the warm-up and are left out.
 */
public final class RecordBench {

    private static final int SAMPLES = 8192;
    private static final int PASSES = 64;
    private static final int WARMUP_PAIRS = 40;
    private static final long STALL_THRESHOLD_NS = 100_000_000;
    private static final long HIGHEST_NS = 3_600_000_000_000L;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** No value stays in a register from one sample to the next, as none stays across an operation. */
    private static void nextSample() {
        VarHandle.releaseFence();
        VarHandle.acquireFence();
    }

    private interface Subject {
        void pass();
    }

    /**
     * Samples of a writer at 1,000/s: some microseconds with a long tail, a little late. One in 4096 is a stall.
     */
    private static final class Samples {

        final long[] intended_ns = new long[SAMPLES];
        final long[] start_ns = new long[SAMPLES];
        final long[] end_ns = new long[SAMPLES];

        Samples(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            long at_ns = HIGHEST_NS;
            for (int i = 0; i < SAMPLES; i++, at_ns += 1_000_000) {
                boolean isTail = random.nextDouble() < 0.01;
                double service_ns =
                    i % 4096 == 4095
                        ? 250e6
                        : Math.exp(
                              isTail
                                  ? Math.log(100e3) + 1.5 * random.nextGaussian()
                                  : Math.log(4e3) + 0.5 * random.nextGaussian()
                          );
                intended_ns[i] = at_ns;
                start_ns[i] = at_ns + (long) Math.exp(Math.log(60e3) + 0.4 * random.nextGaussian());
                end_ns[i] = start_ns[i] + (long) service_ns;
            }
        }
    }

    private static final class Ours implements Subject {

        private final Samples samples = new Samples(1);
        private final Recorder recorder;

        Ours() {
            Seat seat = ScratchBoard.make(
                new ScratchBoard.Times(0, 0, Long.MAX_VALUE, Long.MAX_VALUE),
                1_000_000,
                0,
                STALL_THRESHOLD_NS
            ).victim(ScratchBoard.SEAT);
            seat.touch();
            recorder = seat.recorder();
        }

        @Override
        public void pass() {
            for (int i = 0; i < SAMPLES; i++) {
                recorder.record(samples.intended_ns[i], samples.start_ns[i], samples.end_ns[i]);
                nextSample();
            }
        }
    }

    private static final class InFlight implements Subject {

        private final Samples samples = new Samples(2);
        private final Seat seat;
        private long k;

        InFlight() {
            seat = ScratchBoard.make(
                new ScratchBoard.Times(0, 0, Long.MAX_VALUE, Long.MAX_VALUE),
                1_000_000,
                0,
                STALL_THRESHOLD_NS
            ).victim(ScratchBoard.SEAT);
            seat.touch();
        }

        @Override
        public void pass() {
            for (int i = 0; i < SAMPLES; i++) {
                seat.beginOperation(k, samples.start_ns[i], samples.intended_ns[i]);
                nextSample();
                seat.recorder().record(samples.intended_ns[i], samples.start_ns[i], samples.end_ns[i]);
                seat.endOperation(k++);
                nextSample();
            }
        }
    }

    private static final class Theirs implements Subject {

        private final long[] values_ns = new long[SAMPLES];
        private final Histogram histogram = new Histogram(1, HIGHEST_NS, 3);

        Theirs() {
            Samples samples = new Samples(3);
            for (int i = 0; i < SAMPLES; i++) {
                values_ns[i] = samples.end_ns[i] - samples.start_ns[i];
            }
        }

        @Override
        public void pass() {
            for (int i = 0; i < SAMPLES; i++) {
                histogram.recordValue(values_ns[i]);
                nextSample();
            }
        }
    }

    public static void main(String[] arguments) {
        int pairs = Integer.parseInt(arguments[0]);
        Subject[] subjects = { new Theirs(), new Ours(), new InFlight() };
        String[] names = { "recordValue_ns", "sample_ns", "sample_in_flight_ns" };
        double[][] costs_ns = new double[subjects.length][pairs];
        for (int pair = -WARMUP_PAIRS; pair < pairs; pair++) {
            for (int turn = 0; turn < subjects.length; turn++) {
                int subject = pair % 2 == 0 ? turn : subjects.length - 1 - turn;
                double cost_ns = cost_ns(subjects[subject]);
                if (pair >= 0) {
                    costs_ns[subject][pair] = cost_ns;
                }
            }
        }
        long expected = (long) (pairs + WARMUP_PAIRS) * PASSES * SAMPLES;
        if (((Theirs) subjects[0]).histogram.getTotalCount() != expected) {
            throw new IllegalStateException("not every sample was counted, so the costs mean nothing");
        }
        StringBuilder json = new StringBuilder("{\"java\":\"" + Runtime.version() + "\"");
        for (int i = 0; i < names.length; i++) {
            json.append(",\"").append(names[i]).append("\":").append(java.util.Arrays.toString(costs_ns[i]));
        }
        System.out.println(json.append('}'));
    }

    /** Each subject has a separate method, so that no method is compiled for another subject's type. */
    private static double cost_ns(Subject subject) {
        long start_ns = THREADS.getCurrentThreadCpuTime();
        for (int i = 0; i < PASSES; i++) {
            subject.pass();
        }
        return (THREADS.getCurrentThreadCpuTime() - start_ns) / (double) (PASSES * SAMPLES);
    }

    private RecordBench() {}
}
