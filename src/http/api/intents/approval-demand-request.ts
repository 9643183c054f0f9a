import { z } from "zod";
import { ASSURANCE_LEVELS, type ApprovalDemand } from "../../../core/proposal/request.ts";

/** A factor is a code, such as `manual.dashboard.v1`. */
const FACTOR = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;

/** Of an address, enough to recognise one's own. */
const SHOWN_CHARACTERS = 2;

/** Long enough that its last characters tell a stranger nothing. */
const MIN_RECOGNISABLE = 6;

const level = z
  .string()
  .transform((word) => word.toUpperCase())
  .pipe(z.enum(ASSURANCE_LEVELS, "LOW, MEDIUM, HIGH or CRITICAL"));

/**
 * What a proposal asks of its approval, in the contract's members. Strict, and never null: a demand that was misspelled
 * or computed wrong must not be dropped in silence.
 */
export const APPROVAL_DEMAND_FIELDS = {
  approvalProvider: z.string().min(1).max(128).optional(),
  approvalChannel: z
    .strictObject({ type: z.string().min(1).max(64).optional(), address: z.string().max(320).optional() })
    .optional(),
  assurance: z
    .strictObject({
      level: level.optional(),
      required_factors: z.array(z.string().regex(FACTOR, "a code")).max(16).optional(),
    })
    .optional(),
};

const FIELDS = z.object(APPROVAL_DEMAND_FIELDS);

/** Nothing for a request that asks for nothing, whose digest then stays what it was. */
export function approvalDemandOf({ approvalProvider, approvalChannel, assurance }: z.infer<typeof FIELDS>): {
  readonly approval?: ApprovalDemand;
} {
  const provider = approvalProvider ?? null;
  const wanted = assurance?.level ?? null;
  const factors = [...new Set(assurance?.required_factors)].toSorted();
  const channel = approvalChannel ?? null;
  if (provider === null && channel === null && wanted === null && factors.length === 0) return {};
  return {
    approval: {
      provider,
      channel:
        channel === null
          ? null
          : { type: channel.type ?? null, address: maskedAddress(channel.address ?? "") },
      level: wanted,
      factors,
    },
  };
}

/** Null where none is given. A phone number or an e-mail address is never stored. */
function maskedAddress(address: string): string | null {
  const written = address.trim();
  if (written === "") return null;
  return `***${written.length < MIN_RECOGNISABLE ? "" : written.slice(-SHOWN_CHARACTERS)}`;
}
