"""Readers of bodies in Python: csv, urllib.parse, email, json, html. See docs/tests.md, "Other readers".

One process reads cases from stdin, each a line of JSON and then `size` bytes. It says first what it `missing`, and answers each case with a line of JSON:
`{"id": 1, "readings": {"<reader>": {"records": 2, "money": 900, "recipients": 1, "needles": ["term"]}}}`. What a reader
does not see, or does not read, is left out.
"""
import codecs
import csv
import email
import email.policy
import html.parser
import io
import json
import re
import sys
import urllib.parse
from decimal import Decimal, InvalidOperation
from email.parser import BytesParser
from email.utils import getaddresses
from xml.etree import ElementTree

csv.field_size_limit(1 << 30)
LARGEST = 10**18
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


# What every reader looks for


TERM = re.compile(r"\brefund guaranteed\b")
CARD = re.compile(r"(?<![\w.-])4111[ -]?1111[ -]?1111[ -]?1111(?![\w.-])")


def needles(texts):
    found = set()
    for text in texts:
        plain = " ".join(text.lower().split())
        if TERM.search(plain):
            found.add("term")
        if CARD.search(plain):
            found.add("card")
        # In Markdown's code a placeholder is an example, not an unfilled name.
        if "{{name}}" in plain and "`" not in text:
            found.add("template")
    return sorted(found)


GERMAN = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|\d+,\d{1,2}")
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
SPACED = re.compile(r"\d{1,3}(?:[ '\u00a0\u2009\u202f\u2019]\d{3})+(?:[.,]\d+)?")


def number_of(value):
    """The largest number that a program in Python takes the value for; zero where none does."""
    if isinstance(value, bool) or value is None:
        return Decimal(0)
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    text = str(value).strip()
    best = Decimal(0)
    for convert in (Decimal, lambda written: Decimal(str(float(written))), lambda written: Decimal(int(written))):
        try:
            number = convert(text)
        except (InvalidOperation, ValueError, OverflowError):
            continue
        best = max(best, number) if number.is_finite() else Decimal(LARGEST)
    plain = re.sub(r"^(?:US)?[$€£]\s*|\s*(?:[$€£]|EUR|USD)$", "", text)
    if GERMAN.fullmatch(plain):
        best = max(best, Decimal(plain.replace(".", "").replace(",", ".")))
    elif GROUPED.fullmatch(plain):
        best = max(best, Decimal(plain.replace(",", "")))
    elif SPACED.fullmatch(plain):
        best = max(best, Decimal(re.sub(r"[^\d.,]", "", plain).replace(",", ".")))
    return best


def money_of(values, unit):
    total = sum((max(number_of(value), Decimal(0)) for value in values), Decimal(0))
    return int(min(total * (100 if unit == "major" else 1), Decimal(LARGEST)))


def largest_of(values):
    return float(min(max((number_of(value) for value in values), default=Decimal(0)), Decimal(LARGEST)))


def addresses_in(value):
    if isinstance(value, list):
        return sum(addresses_in(item) for item in value)
    if isinstance(value, dict):
        return addresses_in(value.get("email", ""))
    if not isinstance(value, str):
        return 0
    parsed = len([1 for _, address in getaddresses([value]) if "@" in address])
    # A list at blanks and line breaks, as a page's field is split; with brackets a blank belongs to a name.
    split = 0 if "<" in value else len([token for token in re.split(r"[\s,;]+", value) if "@" in token])
    return max(parsed, split, composed(value))


def composed(value):
    """A program that writes the value into a message's header, and the mail server that reads it."""
    try:
        message = email.message_from_string(f"To: {value}\n\n")
        fields = [line for name in ("to", "cc", "bcc") for line in message.get_all(name, [])]
        return len([1 for _, address in getaddresses([str(field) for field in fields]) if "@" in address])
    except Exception:
        return 0


def charset_of(media_type):
    message = email.message.Message()
    message["content-type"] = (media_type or "text/plain").replace("\r", " ").replace("\n", " ")
    try:
        label = message.get_content_charset()
        return codecs.lookup(label).name if label else None
    except (LookupError, ValueError, TypeError):
        return None


def decoded(body, media_type):
    """The body as text: by its declared charset, and as UTF-8 whatever is declared, with its mark and without."""
    texts = {}
    label = charset_of(media_type)
    try:
        if label is not None:
            texts["declared"] = body.decode(label, "replace")
    except Exception:
        pass
    texts["utf8"] = body.decode("utf-8", "replace")
    if body.startswith(b"\xef\xbb\xbf"):
        texts["sig"] = body.decode("utf-8-sig", "replace")
    return {name: text for at, (name, text) in enumerate(texts.items()) if text not in list(texts.values())[:at]}


# CSV

BLANK = re.compile(r'[\s,;|"\ufeff\0]*')


def table(rows, case):
    rows = [row for row in rows if not BLANK.fullmatch("".join(row))]
    reading = {"records": max(0, len(rows) - 1), "needles": needles(cell for row in rows for cell in row)}
    if not rows:
        return reading
    names = [cell.strip().lower() for cell in rows[0]]
    columns = [index for index, name in enumerate(names) if name == "amount"]
    if columns:
        values = [[row[index] for row in rows[1:] if index < len(row)] for index in columns]
        reading["money"] = max(money_of(column, case["unit"]) for column in values)
        reading["largest"] = max(largest_of(column) for column in values)
    addressed = [index for index, name in enumerate(names) if name == "to"]
    if addressed:
        reading["recipients"] = max(
            sum(addresses_in(row[index]) for row in rows[1:] if index < len(row)) for index in addressed
        )
    return reading


def csv_readings(text, case, suffix):
    readings = {}

    def read(name, source, **options):
        try:
            readings[f"python.csv.{name}{suffix}"] = table(list(csv.reader(source, **options)), case)
        except csv.Error:
            pass

    def whole():
        return io.StringIO(text, newline="")

    for name, delimiter in DELIMITERS.items():
        if name != "comma" and delimiter not in text:
            continue
        read(name, whole(), delimiter=delimiter)
        read(f"{name}.splitlines", text.splitlines(), delimiter=delimiter)
        if "\\" in text:
            read(f"{name}.escapechar", whole(), delimiter=delimiter, escapechar="\\")
            read(f"{name}.escapeonly", whole(), delimiter=delimiter, escapechar="\\", doublequote=False)
        if '" ' in text or ' "' in text:
            read(f"{name}.skipinitialspace", whole(), delimiter=delimiter, skipinitialspace=True)
    try:
        dialect = csv.Sniffer().sniff(text[:4096], ",;\t|")
        read("sniffer", whole(), dialect=dialect)
    except csv.Error:
        pass
    if (case["type"] or "").startswith("text/tab-separated-values"):
        # IANA's registration of the type knows no quotes: a line is a record.
        readings[f"python.tsv{suffix}"] = table([line.split("\t") for line in re.split(r"\r\n|\n|\r", text)], case)
    return readings


# JSON

WANTED = ("amount", "to", "inputs")


def first_wins(pairs):
    return dict(reversed(pairs))


def any_case(pairs):
    """Go's encoding/json: a later member of the same letters in another case replaces the value."""
    return {(name.lower() if name.lower() in WANTED else name): value for name, value in pairs}


HOOKS = {"last": dict, "first": first_wins, "anycase": any_case}


def items_of(value):
    """How many records a list stands for, lists in it included."""
    return sum(items_of(item) if isinstance(item, list) else 1 for item in value)


def at(value, name):
    if isinstance(value, list):
        return [found for item in value for found in at(item, name)]
    return [value[name]] if isinstance(value, dict) and name in value else []


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings_in(item)


def documents(values, case):
    found = {"records": sum(items_of(value) if isinstance(value, list) else 1 for value in values)}
    if case.get("records"):
        lists = [item for value in values for item in at(value, case["records"])]
        found["records"] = max(
            found["records"] if len(values) > 1 else 0,
            sum(items_of(item) if isinstance(item, list) else 1 for item in lists),
        )
    amounts = [amount for value in values for amount in at(value, "amount")]
    flat = [item for amount in amounts for item in (amount if isinstance(amount, list) else [amount])]
    found["money"] = money_of(flat, case["unit"])
    checked = values if not case.get("records") else [item for value in values for item in at(value, case["records"])]
    single = [amount for value in checked for amount in at(value, "amount")]
    found["largest"] = largest_of(item for amount in single for item in (amount if isinstance(amount, list) else [amount]))
    found["recipients"] = sum(addresses_in(to) for value in values for to in at(value, "to"))
    texts = [text for value in values for text in strings_in(value)]
    texts += [seen for text in texts if "<" in text or "&" in text for seen in html_texts(text)]
    texts += [run for value in values for run in runs_in(value)]
    found["needles"] = needles(texts)
    return found


def runs_in(value):
    """Texts as Slack, Jira and Notion show them: neighbouring runs of one block are one line."""
    if isinstance(value, list):
        runs = [text for text in (run_text(item) for item in value) if text is not None]
        if len(runs) > 1:
            yield "".join(runs)
        for item in value:
            yield from runs_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from runs_in(item)


def run_text(item):
    if not isinstance(item, dict):
        return None
    kind = item.get("type")
    if kind in ("paragraph", "rich_text_section", "heading", "section"):
        return None
    if isinstance(item.get("text"), str):
        return item["text"]
    if isinstance(item.get("text"), dict) and isinstance(item["text"].get("content"), str):
        return item["text"]["content"]
    return None


def constant(_name):
    return Decimal(LARGEST)


def json_loads(source, hook):
    return json.loads(
        source, object_pairs_hook=hook, parse_float=Decimal, parse_int=Decimal, parse_constant=constant
    )


def json_readings(body, case):
    readings = {}
    for name, hook in HOOKS.items():
        try:
            # From bytes: UTF-8, UTF-16 and UTF-32 are told apart by their zeros.
            readings[f"python.json.{name}"] = documents([json_loads(body, hook)], case)
        except (ValueError, RecursionError, InvalidOperation):
            pass
    return readings


def line_readings(body, case):
    readings = {}
    text = body.decode("utf-8-sig", "replace")
    for name, lines in (("splitlines", text.splitlines()), ("newline", text.split("\n"))):
        try:
            values = [json_loads(line, dict) for line in lines if line.strip()]
            readings[f"python.ndjson.{name}"] = documents(values, case)
        except (ValueError, RecursionError, InvalidOperation):
            pass
    values, rest = [], text.lstrip()
    decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
    try:
        while rest:
            value, end = decoder.raw_decode(rest)
            values.append(value)
            rest = rest[end:].lstrip()
        readings["python.ndjson.stream"] = documents(values, case)
    except (ValueError, RecursionError, InvalidOperation):
        pass
    return readings


# Forms

WORD = re.compile(r"[\w.:@-]+")


def listed(value):
    """The ids of a page's text area, one a line."""
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    return len(lines) if all(WORD.fullmatch(line) for line in lines) else 0


def fields(pairs, case):
    values = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    found = {
        "records": max([1, *(len(all_of) for all_of in values.values()), *(listed(value) for _, value in pairs)]),
        "money": max([0, *(money_of([value], case["unit"]) for value in values.get("amount", []))]),
        "largest": largest_of(values.get("amount", [])),
        "recipients": sum(addresses_in(value) for value in values.get("to", [])),
    }
    texts = [text for pair in pairs for text in pair]
    texts += [seen for text in texts if "<" in text or "&" in text for seen in html_texts(text)]
    for text in list(texts):
        if text.lstrip().startswith(("[", "{")):
            try:
                value = json_loads(text, dict)
            except (ValueError, RecursionError, InvalidOperation):
                continue
            texts += list(strings_in(value))
            if isinstance(value, list):
                found["records"] = max(found["records"], items_of(value))
    found["needles"] = needles(texts)
    return found


def form_readings(body, case):
    readings = {}
    for encoding, text in decoded(body, case["type"]).items():
        suffix = "" if encoding == "utf8" else f".{encoding}"
        for name, source in (("ampersand", text), ("semicolon", text.replace(";", "&"))):
            try:
                pairs = urllib.parse.parse_qsl(source, keep_blank_values=True)
            except ValueError:
                continue
            readings[f"python.form.{name}{suffix}"] = fields(pairs, case)
    return readings


# Multipart


def file_records(name, kind, content, case):
    """Records of a file's part by its kind, as a program that takes the file counts them."""
    text = content.decode("utf-8-sig", "replace")
    ending = (name or "").lower().rpartition(".")[2]
    try:
        if kind == "text/csv" or ending == "csv":
            return table(list(csv.reader(io.StringIO(text, newline=""))), case)["records"]
        if kind == "application/json" or ending == "json":
            value = json_loads(content, dict)
            return items_of(value) if isinstance(value, list) else 1
        if kind in ("application/xml", "text/xml") or ending == "xml":
            return len(list(ElementTree.fromstring(content)))
        return len([line for line in text.splitlines() if line.strip()])
    except (ValueError, csv.Error, ElementTree.ParseError, RecursionError, InvalidOperation):
        return 1


def multipart_readings(body, case):
    readings = {}
    head = b"Content-Type: " + (case["type"] or "").encode("utf-8") + b"\r\n\r\n"
    for name, policy in (("compat32", email.policy.compat32), ("http", email.policy.HTTP)):
        try:
            message = BytesParser(policy=policy).parsebytes(head + body)
            if not message.is_multipart():
                continue
            pairs, counts, texts = [], [], [message.preamble or "", message.epilogue or ""]
            for part in message.walk():
                if part.is_multipart():
                    continue
                content = part.get_payload(decode=True) or b""
                file_name = part.get_filename()
                field = part.get_param("name", header="content-disposition")
                field = field if isinstance(field, str) else str((field or ("", "", ""))[2])
                texts += [str(value) for value in part.values()] + [file_name or ""]
                text = content.decode(charset_of(str(part.get("content-type"))) or "utf-8", "replace")
                texts.append(text)
                if file_name is not None:
                    counts.append(file_records(file_name, part.get_content_type(), content, case))
                else:
                    pairs.append((field, text))
            reading = fields(pairs, case)
            reading["records"] = max(reading["records"], sum(counts))
            reading["needles"] = sorted({*reading["needles"], *needles(texts)})
            readings[f"python.email.{name}"] = reading
        except Exception:
            continue
    return readings


# Texts

BLOCKS = {
    "p", "div", "br", "li", "ul", "ol", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "blockquote", "section", "article", "header", "footer", "pre", "title",
}


class Shown(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.texts = []
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style"):
            self.hidden += 1
        if tag in BLOCKS:
            self.texts.append("\n")

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.hidden = max(0, self.hidden - 1)
        if tag in BLOCKS:
            self.texts.append("\n")

    def handle_data(self, data):
        if self.hidden == 0:
            self.texts.append(data)


def html_texts(text):
    parser = Shown()
    parser.feed(text)
    parser.close()
    return "".join(parser.texts).split("\n") + [html.unescape(text)]


def text_readings(body, case):
    readings = {}
    for encoding, text in decoded(body, case["type"]).items():
        suffix = "" if encoding == "utf8" else f".{encoding}"
        readings[f"python.text{suffix}"] = {"needles": needles([text])}
        readings[f"python.html{suffix}"] = {"needles": needles(html_texts(text))}
    return readings


def readings_of(case, body):
    family = case["family"]
    if family == "csv":
        found = {}
        for encoding, text in decoded(body, case["type"]).items():
            found.update(csv_readings(text, case, "" if encoding == "utf8" else f".{encoding}"))
        return found
    if family == "json":
        return {**json_readings(body, case), **(line_readings(body, case) if case["type"] is None else {})}
    if family == "ndjson":
        return line_readings(body, case)
    if family == "form":
        return form_readings(body, case)
    if family == "multipart":
        return multipart_readings(body, case)
    return text_readings(body, case)


def main():
    source, sink = sys.stdin.buffer, sys.stdout
    sink.write(json.dumps({"missing": []}) + "\n")
    sink.flush()
    for line in source:
        case = json.loads(line)
        body = source.read(case["size"])
        sink.write(json.dumps({"id": case["id"], "readings": readings_of(case, body)}) + "\n")
        sink.flush()


main()
