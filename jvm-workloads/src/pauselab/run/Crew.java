package pauselab.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import pauselab.Failure;
import pauselab.board.Board;
import pauselab.jni.Native;
import pauselab.plan.Plan;

/** All threads of a plan: prepared together, reported, then seated on the board. */
public final class Crew {

    private final List<Post> posts;
    private final CountDownLatch ended;

    private Crew(List<Post> posts) {
        this.posts = posts;
        ended = new CountDownLatch(posts.size());
    }

    /** Returns when every thread has prepared and the report is written. The seats are taken right after that. */
    public static Crew assemble(Plan plan, FailureHandler onFailure) {
        Native.load(plan.library());
        Board board = Board.attach(plan.board());
        int refused = Native.lockMemory(board.file());
        Crew crew = new Crew(postsOf(plan, board, onFailure));
        if (!plan.probes().isEmpty()) {
            WarmUp.run();
        }
        String holderLayout = plan.holder() == null ? null : Native.startHolder(plan.board().toString(), plan.holder());
        crew.start(plan, holderLayout, refused == 0 ? null : Native.errorText(refused));
        return crew;
    }

    public void awaitEnd() {
        await(ended);
    }

    /** The tallies as one line of JSON, with the memory that the process uses. Only after the window (MemoryUse). */
    public String summary() {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("threads", posts.stream().map(Post::done).toList());
        Long pss = MemoryUse.proportionalBytes();
        if (pss != null) {
            said.put("memory", Map.of("pssBytes", pss));
        }
        return Json.of(said);
    }

    private void start(Plan plan, String holderLayout, String lockRefusal) {
        Post.Gates gates = new Post.Gates(new CountDownLatch(posts.size()), new CountDownLatch(1), ended);
        posts.forEach(post -> post.start(gates));
        await(gates.prepared());
        Report.write(plan, lockRefusal, holderLayout, posts);
        gates.seats().countDown();
    }

    private static List<Post> postsOf(Plan plan, Board board, FailureHandler handler) {
        List<Post> posts = new ArrayList<>();
        for (var probe : plan.probes()) {
            var seat = board.victim(probe.seat());
            posts.add(
                new Post(
                    board,
                    seat,
                    probe.kind(),
                    new ProbeWork(board, seat, probe.kind(), probe.work()),
                    endedBy(handler, "the probe", probe)
                )
            );
        }
        for (var load : plan.loads()) {
            var seat = board.load(load.seat());
            Consumer<Throwable> onFailure = endedBy(handler, "the load", load);
            posts.add(new Post(board, seat, load.kind(), new LoadWork(board, seat, load.work(), onFailure), onFailure));
        }
        return posts;
    }

    /** Makes the name now, because there may be no memory for it when it is needed. */
    private static Consumer<Throwable> endedBy(FailureHandler handler, String what, Plan.Seated<?> seated) {
        String who = what + " " + seated.kind() + " of " + seated.seat();
        return thrown -> handler.handle(who, thrown);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw Failure.workload(
                "the JVM's main thread was interrupted while it waited for the plan's threads",
                interrupted
            );
        }
    }
}
