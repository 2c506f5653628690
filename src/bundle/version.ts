/** The version of all files of a bundle. upgrade.ts upgrades files of older versions. */
export const schemaVersion = 2;
