import type { Row } from "./row.ts";
import { CONFIG_ROWS } from "./rows/config.ts";
import { DETECTION_ROWS } from "./rows/detection.ts";
import { MASKING_ROWS } from "./rows/masking.ts";
import { OUTBOUND_ROWS } from "./rows/outbound.ts";
import { POLICY_ROWS } from "./rows/policy.ts";
import { PROPOSAL_ROWS } from "./rows/proposal.ts";

/** Every reader of hostile bytes, with its worst shapes. */
export const ROWS: readonly Row[] = [
  ...PROPOSAL_ROWS,
  ...DETECTION_ROWS,
  ...POLICY_ROWS,
  ...MASKING_ROWS,
  ...OUTBOUND_ROWS,
  ...CONFIG_ROWS,
];
