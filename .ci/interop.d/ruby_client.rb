# Sends one message by net/smtp; what and how is the JSON in the first argument.
require 'json'
require 'net/smtp'
require 'openssl'

how = JSON.parse(ARGV[0])
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: how['ca'], verify_mode: OpenSSL::SSL::VERIFY_PEER)
smtp = Net::SMTP.new(how['host'], how['port'])
smtp.open_timeout = smtp.read_timeout = 20
smtp.set_debug_output($stderr)
case how['tls']
when 'implicit' then smtp.enable_tls(context)
when 'starttls' then smtp.enable_starttls(context)
else smtp.disable_starttls
end
login = how['user'] ? [how['user'], how['password'], (how['auth'] || 'plain').downcase.tr('-', '_').to_sym] : []
begin
  smtp.start(how['helo'], *login) { |it| it.send_message(File.binread(how['file']), how['from'], how['to']) }
rescue Net::SMTPError, OpenSSL::SSL::SSLError => error
  abort "#{error.class}: #{error.message}"
end
