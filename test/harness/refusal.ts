/** The MusterError a call was refused with. */
import { MusterError } from "#core/model/error.ts";

export async function refusalOf(call: () => unknown): Promise<MusterError> {
  let result: unknown;
  try {
    result = await call();
  } catch (thrown) {
    if (thrown instanceof MusterError) return thrown;
    throw thrown;
  }
  throw new Error(`it was not refused: ${JSON.stringify(result)}`);
}
