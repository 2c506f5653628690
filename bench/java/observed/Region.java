/** Memory that a planted thread gives back, and that another thread touches again. */
final class Region {

    static final long BYTES = 256L << 20;
    private static final long PAGE = 4096;

    private final long address;
    private boolean isWritable = true;

    private Region(long address) {
        this.address = address;
    }

    /** In small pages, since huge pages are given back too fast to be preempted meanwhile. */
    static Region mapped() {
        long address = CLibrary.mapped(BYTES + PAGE);
        CLibrary.withoutHugePages(address, BYTES + PAGE);
        return new Region(address);
    }

    /** The middle becomes a VMA apart, so a call for the whole region crosses VMAs. */
    void split() {
        CLibrary.protect(address + BYTES / 2, PAGE, false);
    }

    void touch() {
        for (long at = 0; at < BYTES; at += PAGE) if (at != BYTES / 2) CLibrary.write(address + at);
    }

    void giveBack() {
        CLibrary.dontNeed(address, BYTES);
    }

    /** The page behind the region is split from its VMA, or merged with it again: both need the VMA's lock. */
    void protectLastPage() {
        isWritable = !isWritable;
        CLibrary.protect(address + BYTES, PAGE, isWritable);
    }
}
