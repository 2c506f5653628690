package pauselab.load;

import java.util.SplittableRandom;

/**
 * What a churn of blocks draws, in this order: which live block is replaced, and the size of the new block. The native
 * engine draws the same for the same seed (native/engine/draws.h; test/interop/churn-java.test.ts compares).
 */
public final class BlockDraws {

    private final SplittableRandom random;
    private final int live;
    private final Sizes sizes;

    public BlockDraws(long seed, int live, Sizes sizes) {
        random = new SplittableRandom(seed);
        this.live = live;
        this.sizes = sizes;
    }

    public int slot() {
        return random.nextInt(live);
    }

    public long bytes() {
        return sizes.next(random);
    }
}
