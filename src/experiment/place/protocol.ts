/**
 * Increases with every change of the messages between host and guest. Both come from the same build, so a mismatch
 * shows a stale image.
 */
export const protocol = 3;
