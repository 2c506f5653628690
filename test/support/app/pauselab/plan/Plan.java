package pauselab.plan;

/** A class of the user's program that has the name of one of pauselab's agent, which is not to meet it. */
public final class Plan {

    static {
        System.out.println("the program's own Plan is loaded");
    }

    private Plan() {}
}
