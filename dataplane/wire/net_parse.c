// net_parse
