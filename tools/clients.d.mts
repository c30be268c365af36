/** Path of kubectl 1.35, unpacked on first use. */
export function kubectl(): string;
/** Path of helm 4, unpacked on first use. */
export function helm(): string;
