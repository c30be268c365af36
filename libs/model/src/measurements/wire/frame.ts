/** First byte of each frame: the form of what follows. */
export const FRAME_VERSION = 1;
/** Second byte: a frame that stands alone, or one that changes the frame before it. */
export const KEY = 1;
export const CHANGES = 0;

/** What a frame does with the pods of the one before it, as a count of pods times 4 and one of these. */
export const KEPT = 0;
export const SKIPPED = 1;
export const NEW = 2;

/** Size limit of a frame, which fits in one message of NATS. */
export const MEASUREMENT_BYTES_MAX = 512 * 1024;
/** A node of Kubernetes has 110 pods; what goes beyond this is not measured. */
export const MEASURED_PODS_MAX = 1024;
