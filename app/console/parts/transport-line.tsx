/** Where a playback is, and what can be done to it. */
import type { Transport } from "../console-store.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface TransportLineProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly transport: Transport;
}

export function TransportLine({ skin, rect, transport }: TransportLineProps) {
  const left = [{ text: plain(skin, transport.text), tone: transport.tone }];
  const right = [{ text: plain(skin, transport.aside), tone: "dim" as const }];
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}
