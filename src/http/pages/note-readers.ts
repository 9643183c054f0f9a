/** Beside each field for a comment or a reason: who will read it. */
export const NOTE_READERS = "(the agent and everybody who may see the case will read it)";
