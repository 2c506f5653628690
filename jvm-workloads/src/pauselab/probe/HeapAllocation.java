package pauselab.probe;

import pauselab.plan.Line;

/**
 * `heap_allocation`: a Java array, zeroed by the JVM, which replaces the last array. Mostly a bump of a pointer. Now
 * and then a new TLAB, a first fault in heap that had been given back, a wait for a collection, or a growing heap
 * (mmap_lock for write). It sees pauses of the collector as an application does, and cannot distinguish these causes.
 *
 * <p>Key: bytes=16384.
 */
final class HeapAllocation implements Probe {

    private final int bytes;
    /** Volatile, so that no compiler removes the allocation. */
    private volatile byte[] last;

    private HeapAllocation(int bytes) {
        this.bytes = bytes;
    }

    static HeapAllocation read(Line line) {
        return new HeapAllocation((int) line.number("bytes", 16, 1L << 30, 16 << 10));
    }

    @Override
    public int perform() {
        last = new byte[bytes];
        return last == null ? EXHAUSTED : 0;
    }

    @Override
    public int trials() {
        return 2_000;
    }
}
