package pauselab.probe;

/**
 * `thread_start_join`: starts a Java thread that does nothing and waits for its end. The kernel sees a stack (cached or
 * mmap), HotSpot's guard pages in it (mprotect: mmap_lock for write, twice), clone, and at the end MADV_DONTNEED of the
 * stack. The JVM also uses its list of threads, which a safepoint locks. The Thread object's allocation is timed too.
 */
final class ThreadStartJoin implements Probe {

    private static final Runnable NOTHING = () -> {};

    @Override
    public int perform() {
        Thread thread = new Thread(null, NOTHING, "started");
        thread.start();
        for (;;) {
            try {
                thread.join();
                return 0;
            } catch (InterruptedException nobodyDoesThat) {
                // The thread must still be joined.
            }
        }
    }
}
