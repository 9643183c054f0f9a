# Readers of bodies in Ruby: CSV, Rack, JSON, CGI. The protocol is described in python.py.
require "bigdecimal"
require "cgi"
require "csv"
require "json"
require "stringio"
begin
  require "rack"
rescue LoadError
  # Without Debian's ruby-rack there is no reader of forms.
end

CARD = /(?<![\w.-])4111[ -]?1111[ -]?1111[ -]?1111(?![\w.-])/
LARGEST = 10**18
DELIMITERS = { "comma" => ",", "semicolon" => ";", "tab" => "\t", "pipe" => "|" }.freeze

def text_of(bytes)
  text = bytes.dup.force_encoding("UTF-8")
  text.valid_encoding? ? text : bytes.dup.force_encoding("ISO-8859-1").encode("UTF-8")
end

def needles(texts)
  found = []
  texts.each do |text|
    plain = text_of(text.to_s.b).downcase.gsub(/[[:space:]]+/, " ").strip
    found << "term" if plain.match?(/\brefund guaranteed\b/)
    found << "card" if plain.match?(CARD)
    found << "template" if plain.include?("{{name}}") && !plain.include?("`")
  end
  found.uniq.sort
end

# `to_f` takes the number that a text begins with, underscores included.
def number_of(value)
  case value
  when Integer, Float, BigDecimal then value
  when String
    strict = begin
      Integer(value)
    rescue ArgumentError
      0
    end
    [value.to_f, value.to_i, strict].max
  else 0
  end
end

def money(values, unit)
  total = values.sum { |value| [number_of(value), 0].max }
  return LARGEST if total.respond_to?(:finite?) && !total.finite?
  [(total * (unit == "major" ? 100 : 1) + 1e-6).floor, LARGEST].min
end

def largest(values)
  number = values.map { |value| number_of(value) }.max || 0
  number.respond_to?(:finite?) && !number.finite? ? LARGEST : number.to_f
end

def addresses(value)
  case value
  when Array then value.sum { |item| addresses(item) }
  when Hash then addresses(value["email"])
  when String then value.include?("<") ? 0 : text_of(value.b).split(/[[:space:],;]+/).count { |token| token.include?("@") }
  else 0
  end
end

def table(rows, unit)
  rows = rows.map { |row| row.map(&:to_s) }.reject { |row| row.join.match?(/\A[\s,;|"\0\u{feff}]*\z/) }
  reading = { records: [0, rows.length - 1].max, needles: needles(rows.flatten) }
  (rows.first || []).each_with_index do |name, index|
    values = rows.drop(1).map { |row| row[index] }
    case name.strip.downcase
    when "amount"
      reading[:money] = [reading[:money] || 0, money(values, unit)].max
      reading[:largest] = [reading[:largest] || 0, largest(values)].max
    when "to" then reading[:recipients] = [reading[:recipients] || 0, values.sum { |value| addresses(value) }].max
    end
  end
  reading
end

def csv_readings(body, kase)
  text = text_of(body)
  readings = {}
  DELIMITERS.each do |name, delimiter|
    next if name != "comma" && !text.include?(delimiter)
    { "" => {}, ".liberal" => { liberal_parsing: true } }.each do |suffix, options|
      readings["ruby.csv.#{name}#{suffix}"] = table(CSV.parse(text, col_sep: delimiter, **options), kase["unit"])
    rescue CSV::MalformedCSVError, ArgumentError
      next
    end
  end
  readings
end

def leaves(value, path, counts, texts)
  case value
  when Hash
    value.each do |name, item|
      texts << name.to_s
      leaves(item, path + (name.to_s.match?(/\A\d+\z/) ? "[]" : "[#{name}]"), counts, texts)
    end
  when Array then value.each { |item| leaves(item, "#{path}[]", counts, texts) }
  else
    counts[path] += 1
    texts << value if value.is_a?(String)
  end
end

def items(list)
  list.sum { |item| item.is_a?(Array) ? items(item) : 1 }
end

def at(value, name)
  case value
  when Array then value.flat_map { |item| at(item, name) }
  when Hash then value.key?(name) ? [value[name]] : []
  else []
  end
end

def fields(values, kase)
  counts = Hash.new(0).merge("" => 1)
  counts.default = 0
  texts = []
  leaves(values, "", counts, texts)
  amounts = [values["amount"]].flatten
  lists = texts.filter_map do |text|
    next unless text.lstrip.start_with?("[")
    value = JSON.parse(text)
    items(value) if value.is_a?(Array)
  rescue JSON::ParserError
    nil
  end
  {
    records: [*counts.values, *lists].max,
    money: amounts.map { |value| money([value], kase["unit"]) }.max || 0,
    largest: largest(amounts),
    recipients: addresses(values["to"]),
    needles: needles(texts + texts.map { |text| CGI.unescapeHTML(text_of(text.b)) }),
  }
end

def form_readings(body, kase)
  return {} unless defined?(Rack)
  { "ruby.rack.form" => fields(Rack::Utils.parse_nested_query(text_of(body)), kase) }
rescue StandardError
  {}
end

def multipart_readings(body, kase)
  return {} unless defined?(Rack)
  env = {
    "CONTENT_TYPE" => kase["type"], "CONTENT_LENGTH" => body.bytesize.to_s, "REQUEST_METHOD" => "POST",
    "rack.input" => StringIO.new(body.b),
  }
  values = Rack::Multipart.parse_multipart(env)
  return {} if values.nil?
  files = []
  texts = []
  plain = without_files(values, files, texts)
  reading = fields(plain, kase)
  reading[:records] = [reading[:records], files.sum].max
  reading[:needles] = (reading[:needles] + needles(texts)).uniq.sort
  { "ruby.rack.multipart" => reading }
rescue StandardError
  {}
end

def without_files(value, files, texts)
  case value
  when Hash
    if value[:tempfile]
      content = text_of(value[:tempfile].read)
      texts.push(value[:filename].to_s, value[:head].to_s, content)
      files << (csv_rows(value, content) || 1)
      return nil
    end
    value.to_h { |name, item| [name, without_files(item, files, texts)] }
  when Array then value.map { |item| without_files(item, files, texts) }
  else value
  end
end

def csv_rows(file, content)
  return nil unless file[:filename].to_s.downcase.end_with?(".csv") || file[:type].to_s.start_with?("text/csv")
  table(CSV.parse(content), "major")[:records]
rescue CSV::MalformedCSVError
  nil
end

def documents(values, kase)
  counts = Hash.new(0)
  texts = []
  leaves(values, "", counts, texts)
  found = kase["records"] ? at(values, kase["records"]) : values
  amounts = at(values, "amount").flatten
  {
    records: found.sum { |value| value.is_a?(Array) ? items(value) : 1 },
    money: money(amounts, kase["unit"]),
    largest: largest(at(found, "amount").flatten),
    recipients: at(values, "to").sum { |value| addresses(value) },
    needles: needles(texts + texts.map { |text| CGI.unescapeHTML(text_of(text.b)) }),
  }
end

def json_readings(body, kase)
  { "ruby.json" => documents([JSON.parse(text_of(body))], kase) }
rescue JSON::ParserError, EncodingError
  {}
end

def line_readings(body, kase)
  values = text_of(body).each_line.reject { |line| line.strip.empty? }.map { |line| JSON.parse(line) }
  { "ruby.ndjson" => documents(values, kase) }
rescue JSON::ParserError, EncodingError
  {}
end

def readings(kase, body)
  case kase["family"]
  when "csv" then csv_readings(body, kase)
  when "json" then json_readings(body, kase)
  when "ndjson" then line_readings(body, kase)
  when "form" then form_readings(body, kase)
  when "multipart" then multipart_readings(body, kase)
  else { "ruby.html" => { needles: needles([body, CGI.unescapeHTML(text_of(body))]) } }
  end
end

$stdin.binmode
$stdout.sync = true
$stdout.puts(JSON.generate({ missing: defined?(Rack) ? [] : ["ruby-rack"] }))
while (line = $stdin.gets)
  kase = JSON.parse(line)
  body = $stdin.read(kase["size"]) || ""
  $stdout.puts(JSON.generate({ id: kase["id"], readings: readings(kase, body) }))
end
