/**
 * Homoglyphs of Latin letters, after Unicode TR39 and the "fonts" of text generators. Only those that compatibility
 * decomposition (NFKD) does not already turn into Latin are listed; accents are gone by then. Both cases are listed
 * where they resemble different letters (Greek Η is an h, η an n).
 */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ["a", "аАɑαΑᴀⱥȺᗩᎪꓮɐⲀⲁ∀ΛᎯӒӑ🅐🅰🇦ᶏⱯꞺꞻꬱ卂ꮜ"],
  ["b", "ВвЬьЪъΒβʙƀɃɓƁƂƃᏏᗷꓐᏴⲂ฿🅑🅱🇧ᴃᵬᶀꞖꞗ乃"],
  ["c", "сСϲϹᴄƈƇȼȻᏟᑕꓚⲤⲥɔↄҫҪ🅒🅲🇨ɕꜾꜿꞒꞓꞔꟄ𝼝匚"],
  ["d", "ԁԀᴅɗƊđĐɖƉᎠᗪꓓðÐⅾժ🅓🅳🇩ƋƌȡᵭᶁᶑꝹꝺꟇꟈ刀∂ԃ"],
  ["e", "еЕεΕᴇɇɆєЄҽɛƐᎬꓰᕮ∃ǝƎəƏзЗэЭɘⲈҼ🅔🅴🇪ɜɝɞʚᶒᶓᶔⱸⱻꞫꬲꬳꬴ乇ᗴ"],
  ["f", "ғҒꜰƒƑϝϜᖴꓝքẝ🅕🅵🇫ᵮᶂꝻꝼꞘꞙꬵ千"],
  ["g", "ɡɢǥǤɠƓցᏀꓖԌԍᎶ🅖🅶🇬ʛᵷᵹᶃꝽꞠꞡꞬꬶ𝼂ꮆ"],
  ["h", "нНһҺΗʜħĦհᎻᕼꓧңҢԋԊɦⲎ🅗🅷🇭ɥʮʯⱧⱨⱵⱶꞍꞕꞪ卄"],
  ["i", "іІɩιΙɪıɨƗӏӀιᎥꓲΐɩ🅘🅸🇮ᴉᶖꞼꞽ𝼚丨工"],
  ["j", "јЈᴊɉɈʝյᎫᒍꓙϳͿ🅙🅹🇯ȷɟʄꞲ丿"],
  ["k", "кКκΚᴋƙƘҝҜқҚᏦꓗⲔҟҠӄ🅚🅺🇰ʞᶄⱩⱪꝀꝁꝂꝃꝄꝅꞢꞣꞰ𝼃𝼐"],
  ["l", "ʟłŁƚȽɫɭᏞᒪꓡⳐǀւլ🅛🅻🇱ȴɬᴌᶅⱠⱡⱢꝆꝇꝈꝉꞀꞁꞎꞭꬷꬸꬹ𝼄𝼑𝼓乚"],
  ["m", "мМΜᴍɱᎷᗰꓟϺⲘ🅜🅼🇲ɰᴟᵯᶆⱮꟺꬺ爪"],
  ["n", "ηΝпПиИɴɲƝŋŊոռИᑎꓠⲚñπ🅝🅽🇳ŉƞȠȵɳᴎᵰᶇꞐꞑꞤꞥꬻ几冂"],
  ["o", "оОοΟσΣᴏøØөӨɵƟօՕσфФᎾꓳⲞⲟंоంംဝ๐໐〇◯○●🅞🅾🇴ƆǾǿᴑᴓᴖᴗᶗⱺꝊꝋꝌꝍꬽꬾꬿꭃꭄ𝼛口ㄖ"],
  ["p", "рРρΡᴘƥƤᏢᑭꓑϷⲢþÞ🅟🅿🇵ᵱᵽᶈⱣꝐꝑꝒꝓꝔꝕ🆊卩"],
  ["q", "ԛԚգզɋɊʠᑫ🅠🆀🇶ꝖꝗꝘꝙꞯ"],
  ["r", "гГʀяЯɍɌɾɼᖇᏒꓣԻᎡⲄ🅡🆁🇷ɹɺɻɽɿʁᴙᴚᵲᵳᶉⱤⱹꝚꝛꞂꞃꞦꞧꭆꭇꭉꭋꭌꭨ𝼈𝼕𝼖尺"],
  ["s", "ѕЅꜱʂƨƧտՏᏕꓢՏᔕ🅢🆂🇸ȿᵴᶊⱾꞄꞅꞨꞩꟅꟉꟊ𝼞丂らᏚꌗ"],
  ["t", "тТτΤᴛŧŦƭƬʈƮᎢꓔⲦҭҬ🅣🆃🇹ƫȶȾʇᵵⱦꞆꞇꞱ𝼉𝼍丁ㄒ"],
  ["u", "υцЦᴜʉɄսՍմᑌꓴʋƱμЏџ🅤🆄🇺ᴝᴞᶙꞸꞹꞾꞿꭎꭏꭒㄩ凵ꀎ"],
  ["v", "νѵѴᴠɣᏙᐯꓦѷ∨🅥🆅🇻ƲɅʌᶌỼỽⱱⱴꝞꝟ"],
  ["w", "ԝԜωΩшШщЩᴡաɯƜᏔꓪѡѠᗯ🅦🆆🇼ʍⱲⱳꟂꟃ山"],
  ["x", "хХχΧҳҲӽᕁꓫⲬ᙭✕✖🅧🆇🇽ᶍꭖꭗꭘꭙ乂"],
  ["y", "уУγΥүҮʏɏɎƴƳყᎩꓬⲨчЧўұҰ🅨🆈🇾ʎỾỿꭚ𝼆丫"],
  ["z", "ΖζᴢƶƵʐȥȤᏃꓜⲌ🅩🆉🇿ɀʑᵶᶎⱫⱬⱿꝢꝣꟆ乙"],
  ["ae", "æÆӕӔ"],
  ["oe", "œŒ"],
];

/** Code point of zero in each decimal digit set that NFKD does not turn into ASCII. */
const DIGIT_ZEROS = [
  0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50,
  0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810,
] as const;

const LATIN_BY_LOOKALIKE: ReadonlyMap<number, string> = lookalikeTable();

function lookalikeTable(): ReadonlyMap<number, string> {
  const table = new Map<number, string>();
  for (const [latin, lookalikes] of LOOKALIKES) {
    for (const lookalike of lookalikes) table.set(lookalike.codePointAt(0) ?? 0, latin);
  }
  for (const zero of DIGIT_ZEROS) {
    for (let digit = 0; digit < 10; digit++) table.set(zero + digit, String(digit));
  }
  // Circled and dingbat digits: ➀ ❶ ⓵ each stand for 1 to 9.
  for (const one of [0x2776, 0x2780, 0x278a, 0x24f5]) {
    for (let digit = 1; digit < 10; digit++) table.set(one + digit - 1, String(digit));
  }
  return table;
}

/** The Latin letters or ASCII digit that a code point is a homoglyph of; undefined when it resembles none. */
export function latinLookalike(codePoint: number): string | undefined {
  return LATIN_BY_LOOKALIKE.get(codePoint);
}
