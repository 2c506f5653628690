/** Of all files of a bundle. A version that reads older bundles upgrades them (upgrade.ts). */
export const schemaVersion = 2;
