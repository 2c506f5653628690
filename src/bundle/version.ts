/** Raised with every change that an older reader would misunderstand; readers refuse what they do not know. */
export const schemaVersion = 1;
