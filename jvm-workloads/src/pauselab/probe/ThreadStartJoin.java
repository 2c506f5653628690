package pauselab.probe;

/**
 * `thread_start_join`: starts a Java thread that does nothing and waits for its end. For the kernel that is a stack (a
 * cached one, or mmap), HotSpot's guard pages in it (mprotect: mmap_lock for write, twice), clone, and at the end
 * MADV_DONTNEED of the stack; for the JVM also its list of threads, which a safepoint holds still. It allocates the
 * Thread object, which is part of what is timed.
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
                // The thread is still to be waited for.
            }
        }
    }
}
