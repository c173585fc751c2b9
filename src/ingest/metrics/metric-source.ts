/** Who sends metrics, and how. */
export interface MetricSource {
  /** Of the sender, for what is told of its clock: its address, or a target's URL. */
  readonly name: string;
  readonly protocol: string;
  /** An import may bring samples of any time. */
  readonly isImport?: boolean;
}
