/**
 * Raised with every change of what host and guest say to each other; both are of one build, so it only tells of a stale
 * image.
 */
export const protocol = 1;
